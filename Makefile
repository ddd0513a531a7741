# `make help` lists the targets.  VENV, PORT and every LIANJIAN_* setting may be given in the environment.

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8000
# One more than two cores: tests that wait for a browser or a killed server leave theirs to another.
WORKERS ?= 3
export PORT

.DEFAULT_GOAL := help
.PHONY: help install install-dev assets chromium run test check fast bench fmt lock wheel clean

help: ## 列出全部目标
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更高版本。" >&2; exit 2; }
	@$(PYTHON) tools/install.py --venv $(VENV)

install-dev:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更高版本。" >&2; exit 2; }
	@$(PYTHON) tools/install.py --dev --venv $(VENV)

assets:
	@$(BIN)/python -m engine.web.assets build

chromium:
	@tools/chromium.sh

run: export LIANJIAN_DEMO ?= 1
run: install ## 安装、建库、载入演示区县并在 http://127.0.0.1:8000 提供服务（PORT 可改端口）
	@$(MAKE) --no-print-directory assets
	@$(BIN)/lianjian serve --prepare

test: install-dev ## 完成全部准备并运行整个测试集（真实 Chromium 与 PostgreSQL，从不跳过）
	@$(MAKE) --no-print-directory assets chromium
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: install-dev ## 格式、静态检查、类型、分层约定与快速测试，两分钟以内
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n $(WORKERS) -q -m "not slow and not browser" tests/unit tests/architecture

bench: install-dev ## 测量性能，两种数据库各一遍（ARGS="--quick --only completions"、ARGS=--json）
	@$(MAKE) --no-print-directory assets
	$(BIN)/python -W ignore -m benchmarks $(ARGS)

fmt: install-dev ## 统一代码格式并修正可自动修正的问题
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: install-dev ## 依 setup.cfg 重新生成带哈希的锁定文件
	tools/lock.sh $(BIN)/uv

wheel: install assets ## 生成可安装的 wheel（含流程、表单、迁移与浏览器资源）
	$(BIN)/pip wheel --no-deps --no-build-isolation --wheel-dir dist .

clean: ## 删除生成的文件（保留 var/ 中的数据与虚拟环境）
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		engine/web/static/dist engine/documents/fonts frontend/node_modules
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
