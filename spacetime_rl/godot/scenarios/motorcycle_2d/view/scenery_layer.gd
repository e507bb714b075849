class_name SceneryLayer
extends Parallax2D
## Hills and trees far away, which move less than the track; the same in every episode.

## Far mountains, nearer hills, and woods.
const DEPTHS := 3
const _WIDTH := 4000.0
## Between these heights the haze grows to its share _HAZY.
const _PEAK := -250.0
const _VALLEY := 700.0
const _HAZY := 0.85
const _BOTTOM := 3000.0
const _COLOURS: Array[Color] = [Color(0.62, 0.71, 0.83), Color(0.5, 0.65, 0.64), Color(0.34, 0.52, 0.42)]
## What far ground fades to.
const _HAZE := Color(0.8, 0.85, 0.84)
const _SCROLL: Array[float] = [0.12, 0.28, 0.5]
const _HEIGHT: Array[float] = [200.0, 150.0, 70.0]
const _LINE: Array[float] = [215.0, 110.0, 190.0]


## One layer; 0 is the furthest.
static func make(depth: int) -> SceneryLayer:
	var layer := SceneryLayer.new()
	layer.name = "Scenery%d" % depth
	layer.z_index = depth - 20
	layer.scroll_scale = Vector2(_SCROLL[depth], _SCROLL[depth] * 0.6)
	layer.repeat_size = Vector2(_WIDTH, 0.0)
	layer.repeat_times = 3
	layer._draw_ridge(depth)
	return layer


# Waves that fit the width, so that the repeated layers join.
func _draw_ridge(depth: int) -> void:
	var rng := RandomNumberGenerator.new()
	rng.seed = 100 + depth
	var waves: Array[Vector3] = []
	for wave: int in [2, 3, 5, 9, 14]:
		waves.append(Vector3(wave, rng.randf_range(0.4, 1.0) / wave, rng.randf_range(0.0, TAU)))
	var ridge: PackedVector2Array = []
	var x := 0.0
	while x <= _WIDTH:
		var y := 0.0
		for wave: Vector3 in waves:
			var swing := sin(TAU * wave.x * x / _WIDTH + wave.z)
			y -= wave.y * (absf(swing) * 1.6 if depth == 0 else swing)
		ridge.append(Vector2(x, _LINE[depth] + y * _HEIGHT[depth]))
		x += 20.0
	_add_polygon(ridge, _COLOURS[depth])
	if depth == 0:
		_add_snow(ridge)
	elif depth == 2:
		_plant_trees(ridge, rng)


# Lighter towards the valley, as through haze.
func _add_polygon(ridge: PackedVector2Array, colour: Color) -> void:
	_fill(ridge + PackedVector2Array([Vector2(_WIDTH, _VALLEY), Vector2(0.0, _VALLEY)]), colour)
	var corners := Rect2(0.0, _VALLEY - 1.0, _WIDTH, _BOTTOM - _VALLEY)
	_fill([corners.position, Vector2(corners.end.x, _VALLEY - 1.0), corners.end, Vector2(0.0, corners.end.y)], colour)


func _fill(corners: PackedVector2Array, colour: Color) -> void:
	var part := Polygon2D.new()
	part.polygon = corners
	var shades: PackedColorArray = []
	for corner: Vector2 in corners:
		shades.append(colour.lerp(_HAZE, clampf(_HAZY * (corner.y - _PEAK) / (_VALLEY - _PEAK), 0.0, _HAZY)))
	part.vertex_colors = shades
	add_child(part)


func _add_snow(ridge: PackedVector2Array) -> void:
	var line := Line2D.new()
	line.points = ridge
	line.width = 5.0
	line.default_color = Color(0.8, 0.86, 0.93, 0.8)
	add_child(line)


func _plant_trees(ridge: PackedVector2Array, rng: RandomNumberGenerator) -> void:
	for foot: Vector2 in ridge:
		if rng.randf() < 0.55:
			continue
		var tall := rng.randf_range(40.0, 95.0)
		var tree := Polygon2D.new()
		var crown: PackedVector2Array = []
		for tier: int in 3:
			var low := -tall * (0.12 + 0.28 * tier)
			var wide := tall * (0.26 - 0.06 * tier)
			crown = PackedVector2Array([Vector2(-wide, low), Vector2(wide, low), Vector2(0.0, low - tall * 0.42)])
			var part := Polygon2D.new()
			part.polygon = crown
			part.color = _COLOURS[2].darkened(0.1 + 0.08 * tier + rng.randf_range(0.0, 0.08))
			tree.add_child(part)
		tree.position = foot + Vector2(rng.randf_range(-8.0, 8.0), 6.0)
		add_child(tree)
