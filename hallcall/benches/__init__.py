"""What `hallcall bench` measures: one module a subject, each printing ratios to a floor of the same run first."""
