extends SceneTree
## Times decisions that Python takes: observations go out as in training, and actions come back.
##
## `godot --headless --path . --script res://tests/support/time_wire.gd -- PORT SECONDS LABEL FLOATS BYTES ROWS …`
## prints for each number of rows what `Stopwatch` prints. An agent observes FLOATS numbers, and images of BYTES bytes.


func _initialize() -> void:
	var given := OS.get_cmdline_user_args()
	var peer := RLPeer.new()
	if not peer.open(given[0].to_int()):
		quit(1)
		return
	for text: String in given.slice(5):
		var rows := text.to_int()
		var state := PackedFloat32Array()
		state.resize(rows * given[3].to_int())
		var images := PackedByteArray()
		images.resize(rows * given[4].to_int())
		Stopwatch.time(given[2], rows, given[1].to_float(), _decide.bind(peer, state, images))
	peer.close()
	quit()


static func _decide(peer: RLPeer, state: PackedFloat32Array, images: PackedByteArray) -> PackedFloat32Array:
	var content := state.to_byte_array()
	content.append_array(images)
	peer.send_frame(RLBinarySession.Reply.STATE, content)
	peer.read_frame()
	return peer.body.to_float32_array()
