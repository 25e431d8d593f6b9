# The commands of the project. What takes more than a line or two is a script in scripts/ or certs/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

include .env

# What is given on the command line goes to the scripts too, before .env.
export USERS ROOMS RATE DURATION_S EDGES WORKERS GRAFANA FORCE FRESH

prefix := $(or $(ROOMCAST_PREFIX),/opt/roomcast)
programs := build/release
brokers := $(or $(KAFKA_BROKERS),127.0.0.1:$(KAFKA_PORT))
ROOM ?= general

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: deps
deps: ## install everything that building, testing and formatting need (Debian 12 or 13)
	@scripts/deps build test lint fuzz

.PHONY: build
build: ## build the programs into build/release
	@scripts/deps build
	@cmake --preset release >build/configure.log || { cat build/configure.log; exit 1; }
	@cmake --build --preset release

.PHONY: certs
certs: ## make the certificates and secrets in certs/out, where they are missing or nearly out of date; a running stack takes them up
	@command -v openssl >/dev/null || scripts/deps build
	@scripts/stack certs

.PHONY: up
up: ## run the whole stack on a Docker engine: nginx, edges, workers, Kafka, Prometheus, Grafana; builds what is missing
	@scripts/stack up

.PHONY: start
start: ## run the stack as it was built
	@scripts/stack start

.PHONY: down
down: ## stop the stack; its rooms and metrics stay
	@scripts/stack down

.PHONY: rebuild
rebuild: ## build the stack's images anew (FRESH=1: from nothing), and restart what has changed
	@scripts/stack rebuild

.PHONY: restart
restart: ## restart the stack's edges one after another, under load if need be
	@scripts/stack restart

.PHONY: ps
ps: ## what of the stack runs
	@scripts/stack ps

.PHONY: logs
logs: ## the stack's logs, and on; of one service: make logs SERVICE=edge-1
	@scripts/stack logs -f --tail 100 $(SERVICE)

.PHONY: load
load: ## many users talk over wss, through nginx: make load USERS=500 ROOMS=20 RATE=100 DURATION_S=60; fails if anything is lost or doubled
	@command -v python3 >/dev/null && scripts/deps load
	@loadtest/run

.PHONY: run
run: build certs ## run one edge without Kafka, on https://localhost:8443/ (EDGE1_PORT); its data is in build/local
	@mkdir -p build/local
	@echo "Roomcast is at https://localhost:$(EDGE1_PORT)/ (certificates are from certs/out/ca.pem; Ctrl-C ends it)"
	@exec $(programs)/ws-edge/roomcast-edge --local --data-dir build/local --port $(EDGE1_PORT) \
	    --tls-cert certs/out/server.pem --tls-key certs/out/server.key --jwt-secret-file certs/out/jwt.secret \
	    --web-dir web/client --metrics-port $(EDGE1_METRICS_PORT)

.PHONY: cluster-start
cluster-start: build ## run a whole cluster on this machine: Kafka, two workers, two edges
	@scripts/deps test
	@scripts/cluster start

.PHONY: cluster-stop
cluster-stop: ## end that cluster
	@scripts/cluster stop

.PHONY: replay
replay: build ## print a room's messages from Kafka: make replay ROOM=general
	@$(programs)/consumer/roomcast-replay "$(ROOM)" --brokers "$(brokers)"

.PHONY: test
test: ## run every test; some of them: scripts/test SUITE...
	@scripts/deps build test lint fuzz
	@scripts/test

.PHONY: fuzz
fuzz: ## look for inputs that break a parser, 60 s for each: make fuzz SECONDS=600
	@scripts/deps build fuzz
	@mkdir -p build
	@cmake --preset fuzz -DCMAKE_CXX_COMPILER=$(prefix)/bin/clang++ >build/configure-fuzz.log || \
	    { cat build/configure-fuzz.log; exit 1; }
	@cmake --build --preset fuzz
	@scripts/fuzz $(or $(SECONDS),60)

.PHONY: bench
bench: build ## measure Roomcast beside Kafka's and the disk's own figures (11 minutes), results in build/bench
	@scripts/deps test
	@bench/run

.PHONY: fmt
fmt: ## format all C++ in place
	@scripts/deps lint
	@git ls-files -z -- '*.cpp' '*.hpp' | xargs -0 -r $(prefix)/bin/clang-format -i

.PHONY: lint
lint: ## look for mistakes with clang-tidy (half an hour on two cores)
	@scripts/deps build test lint
	@mkdir -p build
	@cmake --preset debug >build/configure.log || { cat build/configure.log; exit 1; }
	@git ls-files -z -- '*.cpp' ':!tests/fuzz' | xargs -0 -r -n 4 -P "$$(nproc)" $(prefix)/bin/clang-tidy -p build/debug \
	    --quiet --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-gnu-statement-expression-from-macro-expansion \
	    --extra-arg=-Wno-sign-conversion

.PHONY: clean
clean: ## remove all data: the stack's volumes, and build/ (what was built, logs, data of make run and of the cluster); asks first, or FORCE=1
	@scripts/clean
