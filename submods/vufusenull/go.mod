module vuos.dev/submods/vufusenull

go 1.26.0

require (
	github.com/hanwen/go-fuse/v2 v2.12.1
	golang.org/x/sys v0.49.0
	vuos.dev/engine v0.0.0
	vuos.dev/vufuse v0.0.0
)

replace (
	vuos.dev/engine => ../../engine
	vuos.dev/vufuse => ../../vufuse
)
