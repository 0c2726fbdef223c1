module vuos.dev/tools/umvu

go 1.26.3

require (
	golang.org/x/sys v0.49.0
	vuos.dev/engine v0.0.0
	vuos.dev/fuse v0.0.0
	vuos.dev/submods/vufusenull v0.0.0
	vuos.dev/submods/vufusereal v0.0.0
	vuos.dev/submods/vunetioth v0.0.0-00010101000000-000000000000
	vuos.dev/submods/vunetnull v0.0.0-00010101000000-000000000000
	vuos.dev/submods/vunetreal v0.0.0
	vuos.dev/submods/vunetvdestack v0.0.0
	vuos.dev/tools/vuutils v0.0.0
	vuos.dev/unreal v0.0.0
	vuos.dev/vufs v0.0.0
	vuos.dev/vufuse v0.0.0
	vuos.dev/vunet v0.0.0
)

require (
	github.com/google/btree v1.1.2 // indirect
	github.com/hanwen/go-fuse/v2 v2.12.1 // indirect
	github.com/insomniacslk/dhcp v0.0.0-20260901064844-234b97448fae // indirect
	github.com/josharian/native v1.1.0 // indirect
	github.com/mdlayher/packet v1.1.2 // indirect
	github.com/mdlayher/socket v0.5.1 // indirect
	github.com/pierrec/lz4/v4 v4.1.14 // indirect
	github.com/u-root/uio v0.0.0-20230220225925-ffce2a382923 // indirect
	golang.org/x/exp v0.0.0-20250711185948-6ae5c78190dc // indirect
	golang.org/x/net v0.57.0 // indirect
	golang.org/x/sync v0.20.0 // indirect
	golang.org/x/time v0.15.0 // indirect
	gvisor.dev/gvisor v0.0.0-20260701204157-69c2d17aea96 // indirect
	vuos.dev/libvdeplug v0.0.0 // indirect
	vuos.dev/submods/vudevfull v0.0.0
	vuos.dev/submods/vudevloop v0.0.0
	vuos.dev/submods/vudevnull v0.0.0
	vuos.dev/submods/vudevpartx v0.0.0
	vuos.dev/submods/vudevqcow2 v0.0.0
	vuos.dev/submods/vudevramdisk v0.0.0
	vuos.dev/submods/vudevrandom v0.0.0
	vuos.dev/submods/vudevvdi v0.0.0
	vuos.dev/submods/vudevzero v0.0.0
	vuos.dev/vudev v0.0.0
)

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

replace vuos.dev/submods/vunetioth => ../../submods/vunetioth

replace vuos.dev/submods/vunetnull => ../../submods/vunetnull

replace vuos.dev/submods/vunetreal => ../../submods/vunetreal

replace vuos.dev/submods/vunetvdestack => ../../submods/vunetvdestack

replace vuos.dev/vunet => ../../vunet

replace vuos.dev/libvdeplug => ../../libvdeplug

replace vuos.dev/submods/vudevfull => ../../submods/vudevfull

replace vuos.dev/submods/vudevloop => ../../submods/vudevloop

replace vuos.dev/submods/vudevnull => ../../submods/vudevnull

replace vuos.dev/submods/vudevpartx => ../../submods/vudevpartx

replace vuos.dev/submods/vudevqcow2 => ../../submods/vudevqcow2

replace vuos.dev/submods/vudevramdisk => ../../submods/vudevramdisk

replace vuos.dev/submods/vudevrandom => ../../submods/vudevrandom

replace vuos.dev/submods/vudevzero => ../../submods/vudevzero

replace vuos.dev/submods/vudevvdi => ../../submods/vudevvdi

replace vuos.dev/vudev => ../../vudev
