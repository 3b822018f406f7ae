"""Jobs that leave traces in the folder named by JOB_TRACES; what they do is in the first word of the id."""

import os
import time
from pathlib import Path


def _trace(name: str, text: str = "") -> None:
    with (Path(os.environ["JOB_TRACES"]) / name).open("a") as file:
        file.write(text + "\n")


def screen_call(subject_id: str) -> None:
    """Leave the process ids; fail, or take a while, when the id says so."""
    _trace(f"started-{subject_id}", f"{os.getpid()} {os.getppid()}")
    if subject_id.startswith("fail"):
        raise ValueError("this call cannot be screened")
    if subject_id.startswith("slow"):
        time.sleep(float(subject_id.split("-")[1]))
    _trace(f"done-{subject_id}", str(os.getpid()))


analyze_recording = screen_call
fetch_recording = screen_call
