"""What people see: values to lines, pages and live views."""
