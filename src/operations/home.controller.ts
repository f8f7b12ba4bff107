import { Controller, Get, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

/** A browser that opens the server's address finds the dashboard. */
@Controller()
@ApiExcludeController()
export class HomeController {
  @Get()
  @Redirect('dashboard')
  home(): void {}
}
