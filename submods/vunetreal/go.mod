module vuos.dev/submods/vunetreal

go 1.26.3

require (
	golang.org/x/sys v0.49.0
	vuos.dev/engine v0.0.0
	vuos.dev/vunet v0.0.0
)

replace (
	vuos.dev/engine => ../../engine
	vuos.dev/vunet => ../../vunet
)
