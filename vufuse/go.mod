module vuos.dev/vufuse

go 1.26.0

require (
	github.com/hanwen/go-fuse/v2 v2.12.1
	golang.org/x/sys v0.49.0
	vuos.dev/engine v0.0.0-00010101000000-000000000000
)

replace vuos.dev/engine => ../engine
