"""Copy what the theme ships of other people's work out of an npm folder, and note the checksum of each file.

    npm install --ignore-scripts htmx.org@4.0.1 echarts@6.1.0 lucide-static@1.62.0 \
        @fontsource-variable/inter@5.3.0 @fontsource-variable/jetbrains-mono@5.3.0
    pip install fonttools brotli
    python libs/theme/vendor.py node_modules

Run by hand when a version changes; the result is committed, so nobody needs npm to build or run Tocsin.
"""

import re
import sys
from hashlib import sha256
from pathlib import Path
from shutil import copyfile
from subprocess import run
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
TARGET = HERE / "tocsin_theme" / "static" / "vendor"

INTER, MONO = "@fontsource-variable/inter", "@fontsource-variable/jetbrains-mono"
FONT, PUBLIC_FONT = "inter-5.3.0-latin.woff2", "inter-5.3.0-public.woff2"
SUBSET = (
    "--unicodes=U+20-7E,U+A0,U+A9,U+B7,U+D7,U+2013,U+2014,U+2018,U+2019,U+201C,U+201D,U+2026,U+2212",
    "--layout-features=kern,calt,ccmp,locl,mark,mkmk,cv11,ss03,tnum",
    "--flavor=woff2",
)
FILES = {
    "htmx-4.0.1.min.js": "htmx.org/dist/htmx.min.js",
    "echarts-6.1.0.esm.min.js": "echarts/dist/echarts.esm.min.js",
    FONT: f"{INTER}/files/inter-latin-wght-normal.woff2",
    "inter-5.3.0-latin-ext.woff2": f"{INTER}/files/inter-latin-ext-wght-normal.woff2",
    "jetbrains-mono-5.3.0-latin.woff2": f"{MONO}/files/jetbrains-mono-latin-wght-normal.woff2",
    "LICENSES/htmx.txt": "htmx.org/LICENSE",
    "LICENSES/echarts.txt": "echarts/LICENSE",
    "LICENSES/echarts-notice.txt": "echarts/NOTICE",
    "LICENSES/lucide.txt": "lucide-static/LICENSE",
    "LICENSES/inter.txt": f"{INTER}/LICENSE",
    "LICENSES/jetbrains-mono.txt": f"{MONO}/LICENSE",
}


def sprite(icons: Path, names: list[str]) -> str:
    """One SVG with a symbol for each name; the strokes are styled by the page, through `.icon`."""
    symbols = []
    for name in names:
        drawing = (icons / f"{name}.svg").read_text()
        inside = drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.index("</svg>")]
        body = re.sub(r"\s+", " ", inside)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24">{body.strip().replace("> <", "><")}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def public_font() -> None:
    """A third of Inter for the status page: plain Latin, weights 400 to 650. Its licence reserves no name."""
    with TemporaryDirectory() as folder:
        narrow = f"{folder}/narrow.woff2"
        limits = ("wght=400:650", "--no-recalc-timestamp")
        run(["fonttools", "varLib.instancer", TARGET / FONT, *limits, "-o", narrow], check=True)
        run(["pyftsubset", narrow, *SUBSET, f"--output-file={TARGET / PUBLIC_FONT}"], check=True)


def main(node_modules: Path) -> None:
    """Fill the vendor folder and write SHA256SUMS over everything in it."""
    (TARGET / "LICENSES").mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        copyfile(node_modules / source, TARGET / name)
    public_font()
    names = (HERE / "icons.txt").read_text().split()
    (TARGET / "lucide-1.62.0.svg").write_text(sprite(node_modules / "lucide-static" / "icons", names))
    kept = sorted(path for path in TARGET.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    sums = [f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(TARGET)}" for path in kept]
    (TARGET / "SHA256SUMS").write_text("\n".join(sums) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
