"""A page seen by a real browser: headless Chromium, where there is one, through its command line alone."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--enable-logging=stderr",
    "--virtual-time-budget=3000",
)  # fmt: skip

# The page lies in a frame of the wanted width, since a window cannot be as narrow as a phone.
PROBE = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="f" style="border:0;width:{width}px;height:900px" srcdoc="{page}"></iframe><pre id="found"></pre><script>
document.getElementById("f").addEventListener("load", (event) => {{
  const d = event.target.contentDocument, w = d.defaultView, clipped = [], wide = [], crossing = [];
  for (const text of d.querySelectorAll("svg text")) {{
    const t = text.getBoundingClientRect(), s = text.ownerSVGElement.getBoundingClientRect();
    if (t.left < s.left - 1 || t.right > s.right + 1 || t.top < s.top - 1 || t.bottom > s.bottom + 1)
      clipped.push(text.textContent);
  }}
  for (const svg of d.querySelectorAll("svg")) {{
    const boxes = [...svg.querySelectorAll("text")].map((t) => [t.textContent, t.getBoundingClientRect()]);
    boxes.forEach(([one, a], i) => boxes.slice(0, i).forEach(([two, b]) => {{
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4)
        crossing.push(two + " / " + one);
    }}));
  }}
  for (const node of d.querySelectorAll("body *")) {{
    if (node.closest(".scroll") && !node.matches(".scroll") || node.closest("svg")) continue;
    if (node.getBoundingClientRect().right > {width} + 1) wide.push(node.tagName + "." + node.className);
  }}
  const cut = [...d.querySelectorAll(".scroll")].filter((n) => n.scrollWidth > n.clientWidth + 1);
  const small = [...d.querySelectorAll("svg text")].map((t) => t.getBoundingClientRect().height);
  document.getElementById("found").textContent = JSON.stringify({{
    width: d.documentElement.scrollWidth, cut: cut.map((n) => n.innerText.slice(0, 60)),
    clipped, wide, crossing, images: d.images.length,
    broken: [...d.images].filter((i) => !i.naturalWidth).length,
    smallest: small.length ? Math.min(...small) : null,
    background: w.getComputedStyle(d.body).backgroundColor,
    requests: w.performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !n.startsWith("data:")),
  }});
}});
</script>"""


@dataclass(frozen=True)
class Seen:
    """What the browser found: measures of the page, and what it wrote to its console."""

    found: dict[str, Any]
    console: list[str]


def look(page: str, folder: Path, *, width: int, dark: bool = False) -> Seen:
    """Load a page into a frame `width` pixels wide; skips the test where there is no browser."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    probe = folder / f"probe-{width}-{dark}.html"
    probe.write_text(PROBE.format(width=width, page=html.escape(page)), encoding="utf-8")
    command = [program, *QUIET, f"--user-data-dir={folder / f'profile-{width}-{dark}'}", "--window-size=1400,1000"]
    if dark:
        command.append("--blink-settings=preferredColorScheme=0")
    done = subprocess.run(
        [*command, "--dump-dom", probe.as_uri()], capture_output=True, encoding="utf-8", timeout=120, check=True
    )
    answer = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert answer, done.stderr[-2000:]
    return Seen(json.loads(html.unescape(answer[1])), re.findall(r".*CONSOLE.*", done.stderr))
