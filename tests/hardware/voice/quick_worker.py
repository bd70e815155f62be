"""An engine that says everything in half a second of tone: the hall's order can be heard without its patience."""

import array
import json
import math
import sys
import wave

for line in sys.stdin:
    wanted = json.loads(line)
    with wave.open(wanted["path"], "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(22050)
        sound.writeframes(array.array("h", (int(8000 * math.sin(i / 9)) for i in range(11025))).tobytes())
    sys.stdout.write(json.dumps({"path": wanted["path"], "made": True}) + "\n")
    sys.stdout.flush()
