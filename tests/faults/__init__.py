import pytest

# Its assertions are the point of all tests here: they say what they saw.
pytest.register_assert_rewrite("tests.faults.ground")
