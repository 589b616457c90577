"""What stands beside every figure: the machine, the commit, how the programs were built."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE)
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) / 2**20
    return f"{os.cpu_count()} cores, {model.group(1) if model else os.uname().machine}, {memory:.0f} GiB, Linux {os.uname().release}"


def build_type(programs):
    cache = programs.parent / "CMakeCache.txt"
    found = re.search(r"^CMAKE_BUILD_TYPE:\w+=(\w+)$", cache.read_text(), re.MULTILINE) if cache.exists() else None
    return found.group(1) if found else "unknown"


def commit():
    done = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
