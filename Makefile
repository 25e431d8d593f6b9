# The commands of the project. What takes more than a line or two is a script in scripts/ or certs/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

include .env

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
certs: ## make the certificates and the token secret in certs/out, where they are missing or nearly out of date
	@scripts/deps build
	@certs/make-certs

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
bench: build ## measure Roomcast beside Kafka's and the disk's own figures (4 minutes), results in build/bench
	@scripts/deps test
	@bench/run

.PHONY: fmt
fmt: ## format all C++ in place
	@scripts/deps lint
	@git ls-files -z -- '*.cpp' '*.hpp' | xargs -0 -r $(prefix)/bin/clang-format -i

.PHONY: lint
lint: build ## look for mistakes with clang-tidy
	@scripts/deps lint
	@git ls-files -z -- '*.cpp' | xargs -0 -r -n 4 -P "$$(nproc)" $(prefix)/bin/clang-tidy -p $(programs) --quiet \
	    --extra-arg=-Wno-unknown-warning-option

.PHONY: clean
clean: ## remove build/: what was built, logs, and the data of make run and of the cluster
	@[[ ! -e build/cluster/cluster.json ]] || scripts/cluster stop
	@rm -rf build
