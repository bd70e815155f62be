"""Which screen follows which touch.

Pure: touches, views, answers and ticks come in, the next state and what is wished for come out. Nothing here asks the
time, prints, sends or draws. `now_s` is monotonic seconds.
"""

from .customers import *
from .effort import *
from .following import *
from .happenings import *
from .moments import *
from .pages import *
from .state import *
