"""What the finished program prints for the files beside this one."""

import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent

PRICES = """\
item       price  stock
─────────  ─────  ─────
Paper, A4   4.20    120
Pencil      0.85   1500
Stapler    12.00      7
"""

TOWNS = """\
town       country
─────────  ───────
København  Danmark
Rome       Italia
東京       日本
"""


def plaintable(*words):
    """Run the program as a user would; its exit status, output and complaints."""
    done = subprocess.run(
        [sys.executable, "-m", "plaintable", *words], cwd=HERE.parent, capture_output=True, encoding="utf-8", check=False
    )
    return done.returncode, done.stdout, done.stderr


class ExamplesTest(unittest.TestCase):
    def test_numbers_stand_right(self):
        self.assertEqual(plaintable("acceptance/prices.csv"), (0, PRICES, ""))

    def test_columns_line_up_whatever_the_script(self):
        self.assertEqual(plaintable("acceptance/towns.csv", "--sort", "town"), (0, TOWNS, ""))

    def test_a_cell_without_a_value_is_shown(self):
        from plaintable.reader import MISSING

        status, printed, _ = plaintable("acceptance/gaps.csv")
        self.assertEqual(status, 0)
        cells = (HERE / "gaps.csv").read_text(encoding="utf-8").replace(",", "\n")
        self.assertEqual(printed.count(MISSING) - cells.count(MISSING) if MISSING else 2, 2)

    def test_a_file_that_is_not_there_is_named(self):
        status, printed, complaint = plaintable("nowhere.csv")
        self.assertEqual((status, printed), (2, ""))
        self.assertIn("nowhere.csv", complaint)

    def test_an_unknown_column_is_named(self):
        status, _, complaint = plaintable("acceptance/towns.csv", "--sort", "river")
        self.assertEqual(status, 2)
        self.assertIn("river", complaint)
