"""The service control plane: login, the dashboard, what users keep, and control of the components."""
