class_name TrackView
extends Node2D
## Draws the ground of the episode: earth, grass, oil, boards every ten metres, start and finish.

const _SOIL: Array[Color] = [Color(0.45, 0.32, 0.22), Color(0.38, 0.26, 0.18), Color(0.3, 0.2, 0.15)]
const _SOIL_DEPTHS: Array[float] = [0.0, 70.0, 190.0]
const _BOTTOM := 2600.0
const _GRASS := Color(0.36, 0.6, 0.24)
const _GRASS_LIGHT := Color(0.56, 0.78, 0.34)
const _OIL := Color(0.07, 0.06, 0.1)
const _BOARD_EVERY_M := 10

var _track: MotorcycleTrack
var _rng := RandomNumberGenerator.new()


func _init(track: MotorcycleTrack) -> void:
	_track = track
	name = "TrackView"


## The track of the episode that begins.
func show_track() -> void:
	queue_redraw()


func _draw() -> void:
	for band: int in _SOIL.size():
		_draw_soil(_SOIL_DEPTHS[band], _SOIL[band])
	_rng.seed = 7
	_draw_stones()
	draw_polyline(_surface(5.0), _GRASS.darkened(0.25), 22.0)
	draw_polyline(_surface(2.0), _GRASS, 14.0)
	draw_polyline(_surface(-3.0), _GRASS_LIGHT, 4.0, true)
	_draw_grass()
	for patch: Vector2 in _track.patches:
		_draw_oil(patch)
	var metres := _BOARD_EVERY_M
	while metres * MotorcycleTrack.PX < _track.finish - 200.0:
		_draw_board(metres)
		metres += _BOARD_EVERY_M
	_draw_gate(-120.0, "START", Color(0.2, 0.45, 0.75))
	_draw_gate(_track.finish, "FINISH", Color(0.75, 0.2, 0.16))
	_draw_chequers(_track.finish)


func _surface(lower: float) -> PackedVector2Array:
	var line := _track.points.duplicate()
	for i: int in line.size():
		line[i].y += lower
	return line


# A strip for each piece: a polygon of the whole ground may be too complicated to be cut into triangles.
func _draw_soil(depth: float, colour: Color) -> void:
	var points := _track.points
	for i: int in points.size() - 1:
		var left := points[i] + Vector2(-1.0, depth)
		var right := points[i + 1] + Vector2(1.0, depth)
		if right.x - left.x > 1.0:
			draw_colored_polygon([left, right, Vector2(right.x, _BOTTOM), Vector2(left.x, _BOTTOM)], colour)


func _draw_stones() -> void:
	var x := -600.0
	while x < _track.finish + 1500.0:
		x += _rng.randf_range(40.0, 160.0)
		var at := Vector2(x, _track.y_at(x) + _rng.randf_range(40.0, 330.0))
		draw_circle(at, _rng.randf_range(3.0, 9.0), Color(0.55, 0.44, 0.34, 0.55), true, -1.0, true)


func _draw_grass() -> void:
	var blades: PackedVector2Array = []
	var x := -900.0
	while x < _track.finish + 2000.0:
		x += _rng.randf_range(6.0, 26.0)
		if not _track.is_oily(x):
			var foot := Vector2(x, _track.y_at(x) + 2.0)
			blades.append(foot)
			blades.append(foot + Vector2(_rng.randf_range(-6.0, 6.0), -_rng.randf_range(6.0, 15.0)))
	draw_multiline(blades, _GRASS_LIGHT.darkened(0.15), 2.0)


func _draw_oil(patch: Vector2) -> void:
	var line: PackedVector2Array = []
	var shine: PackedVector2Array = []
	var x := patch.x
	while x <= patch.y:
		line.append(Vector2(x, _track.y_at(x) + 3.0))
		shine.append(Vector2(x, _track.y_at(x) - 1.0))
		x += MotorcycleTrack.PIECE / 4.0
	draw_polyline(line, _OIL, 18.0)
	draw_polyline(shine, Color(0.5, 0.42, 0.68, 0.9), 3.0, true)
	for end: Vector2 in [line[0], line[-1]]:
		draw_circle(end, 9.0, _OIL, true, -1.0, true)


func _draw_board(metres: int) -> void:
	var foot := Vector2(metres * MotorcycleTrack.PX, 0.0)
	foot.y = _track.y_at(foot.x)
	draw_line(foot, foot + Vector2(0.0, -70.0), Color(0.42, 0.32, 0.24), 6.0)
	var board := Rect2(foot + Vector2(-34.0, -104.0), Vector2(68.0, 38.0))
	draw_rect(board, Color(0.95, 0.92, 0.84))
	draw_rect(board, Color(0.42, 0.32, 0.24), false, 3.0)
	var text := "%d m" % metres
	var at := board.position + Vector2(0.0, 26.0)
	draw_string(ThemeDB.fallback_font, at, text, HORIZONTAL_ALIGNMENT_CENTER, 68.0, 20, Color(0.2, 0.18, 0.16))


func _draw_gate(x: float, text: String, colour: Color) -> void:
	var foot := Vector2(x, _track.y_at(x))
	for side: float in [-90.0, 90.0]:
		draw_line(foot + Vector2(side, 4.0), foot + Vector2(side, -320.0), Color(0.85, 0.86, 0.88), 10.0)
	var banner := Rect2(foot + Vector2(-110.0, -330.0), Vector2(220.0, 58.0))
	draw_rect(banner, colour)
	draw_rect(banner, colour.darkened(0.35), false, 4.0)
	var at := banner.position + Vector2(0.0, 42.0)
	draw_string(ThemeDB.fallback_font, at, text, HORIZONTAL_ALIGNMENT_CENTER, 220.0, 38, Color.WHITE)


func _draw_chequers(x: float) -> void:
	const SIDE := 11.0
	for column: int in 20:
		for row: int in 2:
			var at := Vector2(x - 110.0 + column * SIDE, _track.y_at(x) - 272.0 + row * SIDE)
			draw_rect(Rect2(at, Vector2(SIDE, SIDE)), Color.WHITE if (column + row) % 2 == 0 else Color(0.1, 0.1, 0.12))
