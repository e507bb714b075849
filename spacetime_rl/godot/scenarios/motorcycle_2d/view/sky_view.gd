class_name SkyView
extends CanvasLayer
## The sky behind everything: a gradient, a sun and clouds, which stay where they are in the picture.

const _HIGH := Color(0.27, 0.53, 0.83)
const _LOW := Color(0.98, 0.9, 0.77)
const _SUN := Color(1.0, 0.95, 0.8)
const _CLOUDS := 7


func _init() -> void:
	name = "Sky"
	layer = -10


func _ready() -> void:
	add_child(_filled(_gradient(_HIGH, _LOW, Vector2.ZERO, Vector2(0.0, 0.75))))
	var sun := _filled(_glow(_SUN))
	sun.set_anchors_preset(Control.PRESET_TOP_RIGHT)
	sun.size = Vector2(300.0, 300.0)
	sun.position = Vector2(-430.0, -40.0)
	add_child(sun)
	var rng := RandomNumberGenerator.new()
	rng.seed = 3
	for i: int in _CLOUDS:
		_add_cloud(Vector2((i + rng.randf()) / _CLOUDS, rng.randf_range(0.04, 0.32)), rng)


# `place` in parts of the picture.
func _add_cloud(place: Vector2, rng: RandomNumberGenerator) -> void:
	for puff: int in rng.randi_range(4, 7):
		var size := rng.randf_range(60.0, 130.0)
		var part := _filled(_glow(Color(1.0, 1.0, 1.0, 0.55)))
		part.anchor_left = place.x
		part.anchor_right = place.x
		part.anchor_top = place.y
		part.anchor_bottom = place.y
		part.offset_left = puff * 26.0 + rng.randf_range(-12.0, 12.0)
		part.offset_top = rng.randf_range(-14.0, 14.0) - size / 4.0
		part.offset_right = part.offset_left + size * 1.3
		part.offset_bottom = part.offset_top + size / 2.0
		add_child(part)


func _filled(texture: Texture2D) -> TextureRect:
	var rect := TextureRect.new()
	rect.texture = texture
	rect.expand_mode = TextureRect.EXPAND_IGNORE_SIZE
	rect.stretch_mode = TextureRect.STRETCH_SCALE
	rect.set_anchors_preset(Control.PRESET_FULL_RECT)
	rect.mouse_filter = Control.MOUSE_FILTER_IGNORE
	return rect


func _gradient(from: Color, to: Color, begin: Vector2, end: Vector2) -> GradientTexture2D:
	var gradient := Gradient.new()
	gradient.set_color(0, from)
	gradient.set_color(1, to)
	var texture := GradientTexture2D.new()
	texture.gradient = gradient
	texture.fill_from = begin
	texture.fill_to = end
	return texture


func _glow(colour: Color) -> GradientTexture2D:
	var texture := _gradient(colour, Color(colour, 0.0), Vector2(0.5, 0.5), Vector2(1.0, 0.5))
	texture.gradient.add_point(0.35, Color(colour, colour.a * 0.8))
	texture.fill = GradientTexture2D.FILL_RADIAL
	return texture
