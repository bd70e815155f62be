"""Which language a kind of sign speaks: the one place that knows them all. Loads only what the kind needs."""

from collections.abc import Mapping

from ..sign_frames import GenericSign
from ..sign_kinds import Chain, Registers, SignKind
from .line_signs import SignCode


class NoDescription(ValueError):
    """A generic sign without the file that describes it."""


def sign_code(
    kind: SignKind,
    *,
    characters: int = 0,
    letters: Mapping[str, str] | None = None,
    described: GenericSign | None = None,
    registers: Registers | None = None,
    chain: Chain | None = None,
    even_parity: bool = True,
) -> SignCode:
    """Return the language of a kind of sign; `characters` 0 is the commonest model's. Raises ValueError."""
    match kind:
        case SignKind.CANDLE:
            from .candle_sign import CandleCode  # noqa: PLC0415

            return CandleCode(characters=characters, letters=letters)
        case SignKind.MODBUS:
            from .modbus_sign import ModbusCode  # noqa: PLC0415 - pymodbus

            return ModbusCode(registers=registers, characters=characters, letters=letters)
        case SignKind.MATRIX:
            from .matrix_sign import MatrixCode  # noqa: PLC0415 - luma

            return MatrixCode(chain=chain, letters=letters)
        case SignKind.ALPHA:
            from .alpha_sign import AlphaCode  # noqa: PLC0415

            return AlphaCode(characters=characters, letters=letters, even_parity=even_parity)
        case SignKind.GENERIC:
            from .generic_sign import GenericCode  # noqa: PLC0415

            if described is None:
                raise NoDescription("a generic sign needs `file`: the TOML file that describes its frames")
            return GenericCode(described, characters=characters, letters=letters)
