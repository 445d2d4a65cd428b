"""A table is rectangular, and can be sorted."""

import unittest

from plaintable.table import Table

TOWNS = Table(("town", "people"), (("Rome", "2748109"), ("Bonn", "331885")))


class TableTest(unittest.TestCase):
    def test_a_row_of_another_length_is_refused(self):
        with self.assertRaisesRegex(ValueError, "row 2 has 1 cells"):
            Table(("a", "b"), (("1", "2"), ("3",)))

    def test_columns_hold_the_cells_below_the_header(self):
        self.assertEqual(TOWNS.columns(), (("Rome", "Bonn"), ("2748109", "331885")))

    def test_sorting_leaves_the_table_itself_alone(self):
        self.assertEqual(TOWNS.sorted_by("town").rows[0][0], "Bonn")
        self.assertEqual(TOWNS.rows[0][0], "Rome")

    def test_sorting_by_an_unknown_column_fails(self):
        with self.assertRaises(KeyError):
            TOWNS.sorted_by("river")
