module vuos.dev/submods/vudevqcow2

go 1.26.0

require (
	golang.org/x/sys v0.49.0
	vuos.dev/engine v0.0.0
	vuos.dev/vudev v0.0.0
)

replace (
	vuos.dev/engine => ../../engine
	vuos.dev/vudev => ../../vudev
)
