package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	streamID = 1
	// openWindow lets the server send without waiting: no run comes near it,
	// so window updates need not be sent.
	openWindow = 1<<31 - 1
	// defaultWindow is HTTP/2's initial one. It stays for an Envoy that stalls.
	defaultWindow = 65_535
	maxFrameSize  = 16_384
	grpcHeader    = 5
)

// stream is one gRPC stream that has an HTTP/2 connection to itself, made of
// frames: a fleet of full gRPC clients would cost more than the servers that
// it is to measure. Not safe for concurrent use.
type stream struct {
	connection net.Conn
	writer     *bufio.Writer
	framer     *http2.Framer

	// streamWindow and connectionWindow are the bytes that the server still takes.
	streamWindow, connectionWindow, initialWindow int64
	// outgoing are gRPC messages that wait for the window to open.
	outgoing []byte
	// partial is a gRPC message of which some DATA frames are still to come.
	partial []byte
}

// openStream connects and calls the gRPC method at path, with HTTP/2's default
// window when small is set and else with an open one.
func openStream(address, path string, small bool) (*stream, error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	writer := bufio.NewWriter(connection)
	s := &stream{
		connection:       connection,
		writer:           writer,
		framer:           http2.NewFramer(writer, bufio.NewReaderSize(connection, maxFrameSize)),
		streamWindow:     defaultWindow,
		connectionWindow: defaultWindow,
		initialWindow:    defaultWindow,
	}
	s.framer.SetReuseFrames()
	s.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := s.greet(address, path, small); err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	return s, nil
}

// greet writes the connection preface and the request's headers.
func (s *stream) greet(address, path string, small bool) error {
	if _, err := s.writer.WriteString(http2.ClientPreface); err != nil {
		return err
	}
	if small {
		if err := s.framer.WriteSettings(); err != nil {
			return err
		}
	} else {
		err := s.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: openWindow})
		if err != nil {
			return err
		}
		if err := s.framer.WriteWindowUpdate(0, openWindow-defaultWindow); err != nil {
			return err
		}
	}
	headers := http2.HeadersFrameParam{
		StreamID:      streamID,
		BlockFragment: encodeHeaders(address, path),
		EndHeaders:    true,
	}
	if err := s.framer.WriteHeaders(headers); err != nil {
		return err
	}
	return s.writer.Flush()
}

func encodeHeaders(address, path string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, header := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", address},
		{"te", "trailers"}, {"content-type", "application/grpc"}, {"user-agent", "bench"},
	} {
		// Writing to a bytes.Buffer does not fail.
		_ = encoder.WriteField(hpack.HeaderField{Name: header[0], Value: header[1]})
	}
	return block.Bytes()
}

// send writes one message, as far as the window allows; receive writes the rest.
func (s *stream) send(message []byte) error {
	s.outgoing = append(appendGRPCHeader(s.outgoing, len(message)), message...)
	return s.flush()
}

// sendACK writes the request that accepts a response.
func (s *stream) sendACK(protocol *protocol, accepted response) error {
	start := len(s.outgoing)
	s.outgoing = protocol.appendACK(appendGRPCHeader(s.outgoing, 0), accepted)
	size := len(s.outgoing) - start - grpcHeader
	binary.BigEndian.PutUint32(s.outgoing[start+1:], uint32(size))
	return s.flush()
}

func appendGRPCHeader(to []byte, size int) []byte {
	const uncompressed = 0
	return binary.BigEndian.AppendUint32(append(to, uncompressed), uint32(size))
}

func (s *stream) flush() error {
	sent := 0
	for sent < len(s.outgoing) {
		size := min(int64(len(s.outgoing)-sent), s.streamWindow, s.connectionWindow, maxFrameSize)
		if size <= 0 {
			break
		}
		if err := s.framer.WriteData(streamID, false, s.outgoing[sent:sent+int(size)]); err != nil {
			return err
		}
		s.streamWindow -= size
		s.connectionWindow -= size
		sent += int(size)
	}
	s.outgoing = append(s.outgoing[:0], s.outgoing[sent:]...)
	return s.writer.Flush()
}

// receive reads one frame and calls handle with each message that it
// completes. The message is only valid during the call.
func (s *stream) receive(handle func(message []byte) error) error {
	frame, err := s.framer.ReadFrame()
	if err != nil {
		return err
	}
	switch frame := frame.(type) {
	case *http2.DataFrame:
		return s.takeData(frame.Data(), handle)
	case *http2.SettingsFrame:
		return s.takeSettings(frame)
	case *http2.WindowUpdateFrame:
		if frame.StreamID == 0 {
			s.connectionWindow += int64(frame.Increment)
		} else {
			s.streamWindow += int64(frame.Increment)
		}
		return s.flush()
	case *http2.PingFrame:
		if frame.IsAck() {
			return nil
		}
		if err := s.framer.WritePing(true, frame.Data); err != nil {
			return err
		}
		return s.writer.Flush()
	case *http2.MetaHeadersFrame:
		if frame.StreamEnded() {
			return fmt.Errorf("stream ended: %v", frame.Fields)
		}
	case *http2.RSTStreamFrame:
		return fmt.Errorf("stream reset: %v", frame.ErrCode)
	case *http2.GoAwayFrame:
		return fmt.Errorf("server goes away: %v", frame.ErrCode)
	}
	return nil
}

func (s *stream) takeSettings(frame *http2.SettingsFrame) error {
	if frame.IsAck() {
		return nil
	}
	if window, set := frame.Value(http2.SettingInitialWindowSize); set {
		s.streamWindow += int64(window) - s.initialWindow
		s.initialWindow = int64(window)
	}
	if err := s.framer.WriteSettingsAck(); err != nil {
		return err
	}
	return s.flush()
}

func (s *stream) takeData(data []byte, handle func(message []byte) error) error {
	if len(s.partial) > 0 {
		s.partial = append(s.partial, data...)
		data = s.partial
	}
	for len(data) >= grpcHeader {
		end := grpcHeader + int(binary.BigEndian.Uint32(data[1:]))
		if len(data) < end {
			break
		}
		if err := handle(data[grpcHeader:end]); err != nil {
			return err
		}
		data = data[end:]
	}
	s.partial = append(s.partial[:0], data...)
	return nil
}
