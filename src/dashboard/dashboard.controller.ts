import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { nodeRequest, takeOver, type HttpRequest, type HttpResponse } from '../common/http.js';
import { DashboardFiles } from './dashboard-files.js';

/** The page that people look at. It reads the public API, as any other program may. */
@Controller('dashboard')
@ApiExcludeController()
export class DashboardController {
  constructor(private readonly files: DashboardFiles) {}

  @Get()
  page(@Req() request: HttpRequest, @Res() response: HttpResponse): void {
    this.files.sendPage(nodeRequest(request), takeOver(response));
  }

  @Get('dashboard.js')
  script(@Req() request: HttpRequest, @Res() response: HttpResponse): void {
    this.files.sendScript(nodeRequest(request), takeOver(response));
  }

  @Get('dashboard.css')
  style(@Req() request: HttpRequest, @Res() response: HttpResponse): void {
    this.files.sendStyle(nodeRequest(request), takeOver(response));
  }
}
