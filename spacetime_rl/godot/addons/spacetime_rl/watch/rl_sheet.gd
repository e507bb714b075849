class_name RLSheet
extends CanvasLayer
## Something that is drawn over the whole picture and that clicks go through. Override `_draw_sheet`.

var _sheet := Control.new()


func _ready() -> void:
	_sheet.draw.connect(_draw_sheet)
	_sheet.mouse_filter = Control.MOUSE_FILTER_IGNORE
	_sheet.set_anchors_preset(Control.PRESET_FULL_RECT)
	add_child(_sheet)


## Override: draw on `_sheet`. Called after `_sheet.queue_redraw()`.
func _draw_sheet() -> void:
	pass
