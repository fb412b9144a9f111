"""Stop-motion puppet heads with true landmarks and Bézier shapes; README.md tells how."""
