"""The business's custom actions: one module for each routine request."""
