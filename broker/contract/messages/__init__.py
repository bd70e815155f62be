"""The messages of a hall: what it is, commands, events, answers, views, presence.

The same classes are the core's input and output, the wire's and the journal's. Commands refuse unknown fields;
everything else tolerates them, so that an older node can listen to a newer dispatcher.
"""

from .answers import *
from .boxes import *
from .commands import *
from .events import *
from .halls import *
from .presence import *
from .terms import *
from .views import *

Message = AnyCommand | Recorded | AnyAnswer | AnyView | Presence | BoxLog | Release
