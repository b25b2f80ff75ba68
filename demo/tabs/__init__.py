"""The benches around the canvas, one file each. Each has `build`, called inside the tab list."""
