class_name RLFewPictures
extends Node
## Lets the engine draw only few pictures, because drawing one takes much longer than a tick of game time.

const _USEC_BETWEEN := 40_000
# Where pictures take long, as without a graphics card, this many times as long passes between two of them.
const _REST := 9

var _due_usec := 0
var _began_usec := 0


func _init() -> void:
	name = "FewPictures"
	RenderingServer.frame_post_draw.connect(_note_picture)


func _exit_tree() -> void:
	RenderingServer.render_loop_enabled = true


func _process(_delta: float) -> void:
	_began_usec = Time.get_ticks_usec()
	RenderingServer.render_loop_enabled = _began_usec >= _due_usec


func _note_picture() -> void:
	var now_usec := Time.get_ticks_usec()
	_due_usec = now_usec + maxi(_USEC_BETWEEN, _REST * (now_usec - _began_usec))
