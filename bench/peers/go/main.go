// Streams a file of JSON lines by the official Go managedwriter with multiplexing; --message dynamic|generated says how a line becomes
// a row (rows.go). The other arguments and the line that it prints are those of every writer here: bench/peers/README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"syscall"
	"time"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

type segment struct {
	Rows        int     `json:"rows"`
	WallSeconds float64 `json:"wall_seconds"`
	CPUSeconds  float64 `json:"cpu_seconds"`
}

type report struct {
	Writer  string `json:"writer"`
	Library string `json:"library"`
	segment
	PeakRSSBytes int64   `json:"peak_rss_bytes"`
	AckP50Ms     float64 `json:"ack_p50_ms"`
	AckP99Ms     float64 `json:"ack_p99_ms"`
	Warm         segment `json:"warm"`
}

func usage() (cpuSeconds float64, rssBytes int64) {
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		log.Fatal(err)
	}
	cpu := time.Duration(self.Utime.Nano() + self.Stime.Nano())
	return cpu.Seconds(), self.Maxrss * 1024
}

func main() {
	file := flag.String("file", "", "")
	storage := flag.String("storage", "", "")
	table := flag.String("table", "", "")
	batchRows := flag.Int("batch-rows", 5000, "")
	inFlight := flag.Int("in-flight", 16, "")
	rows := flag.Int("rows", 0, "")
	message := flag.String("message", "dynamic", "")
	flag.Parse()
	ctx := context.Background()
	start := time.Now()

	client, err := managedwriter.NewClient(ctx, "bench",
		managedwriter.WithMultiplexing(),
		option.WithEndpoint(*storage),
		option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		log.Fatal(err)
	}
	info, err := client.GetWriteStream(ctx, &storagepb.GetWriteStreamRequest{
		Name: *table + "/streams/_default", View: storagepb.WriteStreamView_FULL})
	if err != nil {
		log.Fatal(err)
	}
	encode, descriptor, err := dynamicRows(info.GetTableSchema())
	if *message == "generated" {
		encode, descriptor, err = generatedRows()
	}
	if err != nil {
		log.Fatal(err)
	}
	stream, err := client.NewManagedStream(ctx,
		managedwriter.WithDestinationTable(*table),
		managedwriter.WithType(managedwriter.DefaultStream),
		managedwriter.WithSchemaDescriptor(descriptor))
	if err != nil {
		log.Fatal(err)
	}

	input, err := os.Open(*file)
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(bufio.NewReaderSize(input, 1<<20))
	lines.Buffer(make([]byte, 1<<20), 16<<20)

	var (
		mutex        sync.Mutex
		acknowledged int
		latencies    []float64
		pending      sync.WaitGroup
		window       = make(chan struct{}, *inFlight)
		sent         int
		half         segment
		halfTime     time.Time
	)
	send := func(batch [][]byte) {
		window <- struct{}{}
		appended := time.Now()
		result, err := stream.AppendRows(ctx, batch)
		if err != nil {
			log.Fatal(err)
		}
		pending.Add(1)
		go func() {
			defer pending.Done()
			if _, err := result.GetResult(ctx); err != nil {
				log.Fatal(err)
			}
			ms := float64(time.Since(appended).Nanoseconds()) / 1e6
			mutex.Lock()
			acknowledged += len(batch)
			latencies = append(latencies, ms)
			mutex.Unlock()
			<-window
		}()
		sent += len(batch)
		if half.Rows == 0 && sent >= *rows/2 {
			halfTime = time.Now()
			half.Rows = sent
			half.CPUSeconds, _ = usage()
		}
	}
	batch := make([][]byte, 0, *batchRows)
	for lines.Scan() {
		bytes, err := encode(lines.Bytes())
		if err != nil {
			log.Fatal(err)
		}
		batch = append(batch, bytes)
		if len(batch) == *batchRows {
			send(batch)
			batch = make([][]byte, 0, *batchRows)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	if len(batch) > 0 {
		send(batch)
	}
	pending.Wait()
	end := time.Now()
	stream.Close()
	client.Close()

	cpu, rss := usage()
	sort.Float64s(latencies)
	version := "unknown"
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == "cloud.google.com/go/bigquery" {
				version = module.Version
			}
		}
	}
	line, err := json.Marshal(report{
		Writer:       "go-" + *message,
		Library:      fmt.Sprintf("cloud.google.com/go/bigquery %s, %s", version, runtime.Version()),
		segment:      segment{acknowledged, end.Sub(start).Seconds(), cpu},
		PeakRSSBytes: rss,
		AckP50Ms:     latencies[len(latencies)/2],
		AckP99Ms:     latencies[len(latencies)*99/100],
		Warm:         segment{sent - half.Rows, end.Sub(halfTime).Seconds(), cpu - half.CPUSeconds},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))
}
