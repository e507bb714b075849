class_name MotorcycleView
extends Node2D
## What a person sees of the arena: sky and hills far away, the track, the motorcycle, dust and wind. All is drawn by
## code. The arena makes it only where there is a picture, and the game is the same without it.

const _SKY_HIGH := Color(0.3, 0.56, 0.84)
const _SKY_LOW := Color(0.97, 0.89, 0.76)

var _arena: MotorcycleArena
var _track_view: TrackView


func _init(arena: MotorcycleArena) -> void:
	_arena = arena
	name = "View"


func _ready() -> void:
	_add_sky()
	for depth: int in SceneryLayer.DEPTHS:
		add_child(SceneryLayer.make(depth))
	_track_view = TrackView.new(_arena.track)
	add_child(_track_view)
	add_child(WindView.new(_arena))
	add_child(BikeView.new(_arena.bike))
	add_child(RideCamera.new(_arena.bike))
	_arena.bike.agent.episode_began.connect(_track_view.show_track)


func _add_sky() -> void:
	var gradient := Gradient.new()
	gradient.set_color(0, _SKY_HIGH)
	gradient.set_color(1, _SKY_LOW)
	var texture := GradientTexture2D.new()
	texture.gradient = gradient
	texture.fill_from = Vector2(0.0, 0.0)
	texture.fill_to = Vector2(0.0, 0.9)
	var sky := TextureRect.new()
	sky.texture = texture
	sky.stretch_mode = TextureRect.STRETCH_SCALE
	sky.set_anchors_preset(Control.PRESET_FULL_RECT)
	sky.mouse_filter = Control.MOUSE_FILTER_IGNORE
	var layer := CanvasLayer.new()
	layer.layer = -10
	layer.add_child(sky)
	add_child(layer)
