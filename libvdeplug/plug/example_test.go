// SPDX-License-Identifier: Apache-2.0

package plug_test

import (
	"context"
	"errors"
	"fmt"

	"vuos.dev/libvdeplug/plug"
)

// A plugin is a name and a function.
func ExampleRegistry_Register() {
	reg := &plug.Registry{}
	err := reg.Register("pigeon", plug.Func(func(_ context.Context, req *plug.Request) (plug.Conn, error) {
		loft, parms, err := plug.ParseParms(req.Rest, "birds", "speed")
		if err != nil {
			return nil, req.Error(loft, "", err)
		}
		birds, err := parms.Int("birds", 1, 1, 100)
		if err != nil {
			return nil, req.Error(loft, "", err)
		}
		return nil, req.Error(loft, fmt.Sprintf("%d birds", birds), errors.New("asleep"))
	}))
	fmt.Println(err)
	for _, vnl := range []string{"pigeon://roof/birds=3", "pigeon://roof/b=x", "pigeon://roof/color=grey"} {
		_, err = reg.Open(context.Background(), vnl, plug.Settings{})
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// pigeon: roof: 3 birds: asleep
	// pigeon: roof: option birds=x: must be a number from 1 to 100
	// pigeon: roof: unknown option "color"
}
