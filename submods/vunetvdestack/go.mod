module vuos.dev/submods/vunetvdestack

go 1.26.3

require (
	golang.org/x/sys v0.49.0
	vuos.dev/engine v0.0.0
	vuos.dev/libvdeplug v0.0.0
	vuos.dev/vunet v0.0.0
)

require (
	github.com/google/btree v1.1.2 // indirect
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
)

replace (
	vuos.dev/engine => ../../engine
	vuos.dev/libvdeplug => ../../libvdeplug
	vuos.dev/vunet => ../../vunet
)
