"""The control socket finds a place whose name is short enough for a socket, and leaves nothing there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from reference_services.hosting.control import PATH_BYTES_MAX, ControlSocket

NOBODY: Any = None


@pytest.mark.parametrize("usual_is_long", [False, True])
def test_a_run_folder_with_a_long_name_has_its_socket_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual_is_long: bool
) -> None:
    run_dir = tmp_path / ("long" * 30)
    run_dir.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(run_dir if usual_is_long else tempfile.gettempdir()))

    control = ControlSocket(NOBODY, run_dir)
    assert control.path.is_socket()
    assert len(bytes(control.path)) <= PATH_BYTES_MAX
    control.close()

    assert not control.path.parent.exists()
    assert list(run_dir.iterdir()) == []
