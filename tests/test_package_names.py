"""Our package names are plain words: nobody else in this environment may ship the same."""

from importlib.metadata import packages_distributions

import pytest

NAMES = ["broker", "counter", "display", "hallcall", "hardware", "keeper", "kiosk", "registrar", "web"]


@pytest.mark.parametrize("name", NAMES)
def test_nobody_else_ships_our_package_names(name: str) -> None:
    # an editable install lists no packages, and then there is nobody else either
    assert set(packages_distributions().get(name, ["hallcall"])) == {"hallcall"}
