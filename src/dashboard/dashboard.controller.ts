import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { DashboardFiles } from './dashboard-files.js';

/** The page that people look at. It reads the public API, as any other program may. */
@Controller('dashboard')
@ApiExcludeController()
export class DashboardController {
  constructor(private readonly files: DashboardFiles) {}

  @Get()
  page(@Req() request: Request, @Res() response: Response): void {
    this.files.sendPage(request, response);
  }

  @Get('dashboard.js')
  script(@Req() request: Request, @Res() response: Response): void {
    this.files.sendScript(request, response);
  }

  @Get('dashboard.css')
  style(@Req() request: Request, @Res() response: Response): void {
    this.files.sendStyle(request, response);
  }
}
