module vuos.dev/tools/umvu

go 1.26.3

require (
	golang.org/x/sys v0.49.0
	vuos.dev/engine v0.0.0
	vuos.dev/fuse v0.0.0
	vuos.dev/submods/vufusenull v0.0.0
	vuos.dev/submods/vufusereal v0.0.0
	vuos.dev/tools/vuutils v0.0.0
	vuos.dev/unreal v0.0.0
	vuos.dev/vufs v0.0.0
	vuos.dev/vufuse v0.0.0
)

require github.com/hanwen/go-fuse/v2 v2.12.1 // indirect

replace (
	vuos.dev/engine => ../../engine
	vuos.dev/fuse => ../../fuse
	vuos.dev/submods/vufusenull => ../../submods/vufusenull
	vuos.dev/submods/vufusereal => ../../submods/vufusereal
	vuos.dev/tools/vuutils => ../vuutils
	vuos.dev/unreal => ../../unreal
	vuos.dev/vufs => ../../vufs
	vuos.dev/vufuse => ../../vufuse
)
