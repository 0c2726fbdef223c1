module vuos.dev/vufs

go 1.26.0

require vuos.dev/engine v0.0.0

require golang.org/x/sys v0.49.0

replace vuos.dev/engine => ../engine
