"""The command line: starts the system, steers its workflows, and shows how things stand.

``python starter.py --help`` lists the commands; each command's own help ends with an example.
"""

import sys

from cli.program import end, program

if __name__ == "__main__":
    try:
        program()
        _status = 0
    except SystemExit as _left:
        _status = _left.code if isinstance(_left.code, int) else int(_left.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        _status = 1
    end(_status)
