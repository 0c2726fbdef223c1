# SPDX-License-Identifier: Apache-2.0

# Modules and submodules built into umvu, by name; none means all.
MODULES ?=

PREFIX ?= /usr/local
DESTDIR ?=
GO ?= go
# Compilations and test programs at a time.
JOBS ?= 2
# How long the tests of one package may take: the scripts take minutes, and more on a busy machine.
TIMEOUT ?= 40m
# What make bench compares, separated by commas; none means all.
GROUP ?=
# How long each fuzz target runs.
FUZZTIME ?= 5s
# Without cgo umvu must begin before Go's runtime does, see package inherited.
UMVU_FLAGS = -ldflags 'vuos.dev/tools/umvu=-E vuos.dev/engine/internal/inherited.entry'
STATICCHECK ?= $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2

# The Go modules of the workspace.
DIRS := $(shell sed -n 's|^[[:space:]]*\(use[[:space:]]*\)\{0,1\}\./|./|p' go.work)

.DEFAULT_GOAL := help
.PHONY: help build run test race fuzz lint bench microbench generate install clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	@echo
	@echo '  make build MODULES="vufs vufuse vufusereal" builds umvu with these modules only'

build: generate ## build all programs into bin/
	@mkdir -p bin
	$(GO) build -p $(JOBS) $(UMVU_FLAGS) -o bin/ $$($(GO) list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' work | grep -v -e /internal/ -e /enginetest/ -e /tools/bench)

run: ## install what is needed, build, mount an ext4 image in a view and look into it
	scripts/run.sh

test: generate ## run all tests
	$(GO) test -p $(JOBS) -timeout $(TIMEOUT) work

race: generate ## run the tests of what is concurrent with the race detector
	$(GO) test -p $(JOBS) -timeout $(TIMEOUT) -race $$($(GO) list ./engine/... ./vufuse/... | grep -v enginetest)

fuzz: ## run each fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME) $(DIRS)

lint: ## gofmt, go vet and staticcheck
	@unformatted=$$(gofmt -l $(DIRS)); if [ -n "$$unformatted" ]; then echo "not gofmt: $$unformatted"; exit 1; fi
	$(GO) vet work
	@for d in $(DIRS); do echo "staticcheck $$d"; (cd $$d && $(STATICCHECK) ./...) || exit 1; done

bench: build ## compare programs in a view with programs outside; GROUP=empty,image,fuse,disk,net selects
	$(GO) run ./tools/bench -bin bin -group '$(GROUP)'

microbench: ## run the benchmarks of single packages
	$(GO) test -p 1 -run '^$$' -bench . -benchmem work

generate: ## write the files that are made from others
	@$(GO) run ./tools/umvu/internal/genmodules -o tools/umvu/modules.go $(MODULES)
	@cd engine && $(GO) test -p $(JOBS) ./internal/sys -run "^TestSyscallsDoc$$" -update >/dev/null

install: build ## install programs and manual pages below DESTDIR/PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 bin/* $(DESTDIR)$(PREFIX)/bin
	for page in $$(find $(DIRS) -name '*.1' -not -path '*/testdata/*'); do install -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man1 || exit 1; done

clean: ## remove what was built
	rm -rf bin
