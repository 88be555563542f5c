package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	response, err := http.Get(os.Getenv("SMS_URL") + "/API21/HTTP/getCredit.ashx?UID=demo&PWD=demo")
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(response.Body)
	fmt.Println(string(body))
}
