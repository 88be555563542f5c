"""Serves on Windows, calls it, and stops it as Ctrl-Break does; run by `.ci/wine`."""

import subprocess
import sys
import urllib.request

# Without a screen wine has no console to press Ctrl-Break in. Python's handler of it is set off
# from another thread instead, while the main one waits.
SERVE = """
import signal, sys, threading
from fake_every8d.cli import main

def stop():
    sys.stdin.readline()
    signal.raise_signal(signal.SIGBREAK)

threading.Thread(target=stop, daemon=True).start()
sys.argv = ["fake-every8d", "--port=0"]
main()
"""

with subprocess.Popen(
    [sys.executable, "-c", SERVE],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    encoding="utf-8",
) as process:
    assert process.stdin is not None
    assert process.stdout is not None
    announced = [process.stdout.readline() for _ in range(5)]
    endpoint = announced[1].split()[1]
    with urllib.request.urlopen(f"{endpoint}?WSDL", timeout=30) as response:
        print(endpoint, response.status, len(response.read()), "bytes of WSDL")
    process.stdin.write("\n")
    process.stdin.flush()
    code = process.wait(30)
print("stopped with exit code", code)
sys.exit(code)
