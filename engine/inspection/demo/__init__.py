"""The demo district: fictitious objects, inspectors and items of Tianqiao, and accounts by post.

Nothing in it is real but the sub-districts, the industries and the statutes' names.
"""

from engine.inspection.demo.accounts import DEMO_LOGINS, DEMO_PASSWORD, accounts
from engine.inspection.demo.generator import DemoFiles, generate
from engine.inspection.demo.loader import is_loaded, load_demo

__all__ = ["DEMO_LOGINS", "DEMO_PASSWORD", "DemoFiles", "accounts", "generate", "is_loaded", "load_demo"]
